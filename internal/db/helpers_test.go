package db_test

import "runtime"

func exitGoroutine() { runtime.Goexit() }
