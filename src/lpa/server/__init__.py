"""The servers: verified HTTPS, and on it ES9+ to an SM-DP+ and ES11 to an SM-DS."""
