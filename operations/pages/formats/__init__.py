"""How the admin writes what depends on a language; Django looks here by its setting FORMAT_MODULE_PATH."""
