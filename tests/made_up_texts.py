"""Texts as indicators have them, and others, as hypothesis makes them up."""

from hypothesis import strategies as st

PARTS_OF_NAMES = st.sampled_from(
    [
        "a",
        "co",
        "uk",
        "home",
        "arpa",
        "local",
        "www",
        "xn--p1ai",
        "1",
        "255",
        "0x7f",
        "example",
        "*",
    ]
)
NAMES = st.lists(PARTS_OF_NAMES, min_size=1, max_size=5).map(".".join)
PATHS = st.sampled_from(
    [
        *("", "/", "/a?b=1", "?x", "/*", "/%2e", "/a]b", "/\\x", "#f", "/?"),
        *(
            ":80/",
            ":8080",
            ":/x",
            ":99999/a",
            ":80?x",
            ":80.",
            "/ä?ö=中",
            "/a\u0338",
            "/e\u0301/b?c",
        ),
    ]
)
HOSTS = (
    NAMES | st.ip_addresses(v=4).map(str) | st.sampled_from(["10.0.0.1", "8.8.8.8", "127.0.0.1"])
)
TEXTS = st.one_of(
    st.text(max_size=70),
    NAMES,
    st.from_regex(r"\A[0-9a-fA-F]{32,64}\Z"),
    st.ip_addresses().map(str),
    st.builds("{}://{}{}".format, st.sampled_from(["http", "https", "hxxp"]), HOSTS, PATHS),
)
