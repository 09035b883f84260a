"""The environments that tests run against: context managers that know neither pytest nor GitHub."""
