"""The words of Remote SIM Provisioning: bytes <-> meaning. Pure: no I/O and no clock."""
