"""What is measured and not tested: figures of one machine."""
