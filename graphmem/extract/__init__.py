"""Reading: a passage's names, facts and discourse links, from its text and its parse."""
