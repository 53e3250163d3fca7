"""What runs inside XSOAR: joined with the modules of the call path into one file a system.

Three modules take the place of one of the plugin: loader (definitions are literals), schema (no
jsonschema there), private_file (the integration's context instead of a file); huawei_sdk knows no
environment. They obey the rules of the modules below trust.
"""
