"""Install a profile: discover it, authenticate, check the offer, agree, install."""
