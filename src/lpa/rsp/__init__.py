"""The data of Remote SIM Provisioning: bytes and their meaning. Pure: no I/O and no clock."""
