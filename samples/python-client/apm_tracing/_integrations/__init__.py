"""One module per library: ``patch(module)`` is called right after that library was imported."""
