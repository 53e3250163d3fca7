"""The filters, tests and methods that an expression may use.

Left out is what reaches outside, is random, or cannot be bounded: attr, format, center, indent,
pprint, random, slice, round (10 to any power), wordwrap and others.
"""

from ..spool import LongTexts


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILTERS = _words("""
    abs batch capitalize count d default dictsort first float groupby int items join last length
    list lower map max min reject rejectattr replace reverse select selectattr sort string sum
    title tojson trim unique upper
""")
TESTS = _words("""
    != < <= == > >= boolean defined divisibleby eq equalto even false float ge greaterthan gt in
    integer iterable le lessthan lower lt mapping ne none number odd sameas sequence string true
    undefined upper
""")
METHODS: dict[type, frozenset[str]] = {
    str: _words("""
        capitalize count endswith find isalnum isalpha isdigit islower isupper lower lstrip
        partition removeprefix removesuffix rfind rpartition rsplit rstrip split splitlines
        startswith strip title upper
    """),
    dict: _words("get items keys values"),
    list: _words("count index"),
    LongTexts: _words("count index"),
}
