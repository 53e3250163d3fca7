"""The forms of a file of indicators, by the names that a person gives them."""

FORMATS = ("csv", "text", "stix", "misp")
