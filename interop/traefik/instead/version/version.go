package version

// Version is not looked up.
var Version = "3.7.13"
