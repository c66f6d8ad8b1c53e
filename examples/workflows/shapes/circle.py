import math


def area(radius):
    return 3 * radius * radius
