"""The trusted side of the workers: start them, talk to them with a deadline, end them."""
