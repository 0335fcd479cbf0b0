"""The SGP.22 messages as ASN.1: `rsp.asn` is the source, `rsp.json` its parsed form, for the simulator.

The library reads `lpa.rsp.codec.rsp_types`. `make schema` makes both.
"""
