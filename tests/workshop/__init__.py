"""What starts and stops the environment, and what people see when it cannot."""
