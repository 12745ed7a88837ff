"""Programs that write or check the repository: pages that are generated from the code and its tests."""
