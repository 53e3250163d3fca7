"""Playbooks that several tests write."""

REMOVING = """\
version: 1.0
input: [indicators]
tasks:
  remove:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: "{{ ctx('indicators') }}"}
"""
RETRYING = """\
version: 1.0
input: [indicators]
tasks:
  list:
    action: ioc_removal.cybertrace-suppliers-list
    retry: {count: 5, delay: 250}
"""
TWICE = """
version: 1.0
input: [indicators]
tasks:
  one:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: "{{ ctx().indicators }}"}
  other:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: "{{ ctx().indicators }}"}
"""
# The rest of a playbook that removes from SecMaster beside its other tasks, which publish `one`.
FROM_SECMASTER = """\
  search:
    action: ioc_removal.secmaster-indicators-search
    input: {values: "{{ ctx().indicators }}"}
    next:
      - publish: [{ids: "{{ result().result.outputs | map(attribute='id') | list }}"}]
        do: secmaster
  secmaster:
    action: ioc_removal.secmaster-indicators-delete
    input: {batch_ids: "{{ ctx().ids }}"}
    next: [{publish: [{other: "{{ result().result.counts.values() | sum }}"}], do: told}]
  told: {action: core.noop, join: all}
"""
