"""Parts of a test that fail on their own; the rest of the test goes on."""

import unittest


def test_some_parts_fail(subtests):
    for quantity in range(4):
        with subtests.test("quantity", quantity=quantity):
            assert quantity % 2 == 0  # <- subtest x2


def test_a_part_and_the_whole_fail(subtests):
    with subtests.test("the part"):
        raise ValueError("the part")  # <- subtest
    raise ValueError("the whole")  # <- call


def test_all_parts_pass(subtests):
    for quantity in range(2):
        with subtests.test(quantity=quantity):
            assert quantity < 2


class TestParts(unittest.TestCase):
    def test_parts_of_unittest(self):
        for name in ("tea", "cup"):
            with self.subTest(name=name):
                self.assertEqual(name, "tea")  # <- subtest
