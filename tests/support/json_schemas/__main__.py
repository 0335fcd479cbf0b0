"""Write the schemas, and the page about them."""

from tests.support.json_schemas import files, page

files.write()
page.PAGE.write_text(page.page(), encoding="utf-8")
