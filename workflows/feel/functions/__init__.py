"""The built-in functions of the language, by name. None reads a clock, a file or a random number."""

from workflows.feel.functions import conversions, lists, numbers, strings, temporal
from workflows.feel.functions.registry import BUILTINS

__all__ = ["BUILTINS", "conversions", "lists", "numbers", "strings", "temporal"]
