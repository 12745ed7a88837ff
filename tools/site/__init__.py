"""The documentation site: the pages of docs/, and a reference of the library's public names."""
