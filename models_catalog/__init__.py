"""What can be asked: vendors, models, the routes to them and their prices."""
