"""Keys, certificates, signatures and package protection for both sides of the simulator."""
