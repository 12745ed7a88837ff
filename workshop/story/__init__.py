"""The story in acts. Each act makes its calls now, and tells what the servers answered."""
