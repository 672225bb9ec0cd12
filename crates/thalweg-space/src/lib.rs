//! From a user's parameters to the vector that an algorithm sees, and back.
