"""What ``manage.py status`` and ``/health`` report."""
