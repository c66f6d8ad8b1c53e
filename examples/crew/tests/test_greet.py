import unittest

from greet import greet


class Greet(unittest.TestCase):
    def test_a_name_is_greeted(self):
        self.assertIn("Ada", greet("Ada"))
