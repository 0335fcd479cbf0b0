"""This computer: private files with durable writes, and locks among its processes."""
