"""Install a profile: authenticate, look at the offer, agree, install; and discover what waits."""
