//! Every result of object 5, by the causes that the server and the device can have.
