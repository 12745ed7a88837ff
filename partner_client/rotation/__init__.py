"""Keeping the partner's certificate current: the worker renews it, every process that calls follows."""
