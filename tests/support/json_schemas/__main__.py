"""Write the schemas."""

from tests.support.json_schemas import files

files.write()
