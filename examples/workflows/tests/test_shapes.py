import math
import unittest

from shapes import circle, square


class Shapes(unittest.TestCase):
    def test_a_square_has_an_area(self):
        self.assertEqual(square.area(3), 9)

    def test_a_circle_has_an_area(self):
        self.assertEqual(circle.area(2), math.pi * 4)
