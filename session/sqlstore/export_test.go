package sqlstore

// Queries are all of the store's, for a look at their plans.
var Queries = map[string]string{
	"load": selectByKey, "find": selectByHandle, "list": selectBySubject, "all": selectAll,
	"ending by key": endingByKey, "ending by handle": endingByHandle, "endings of": endingsOf, "endings after": endingsAfter, "endings since": endingsSince,
	"count": countLive, "insert": insertRecord, "update": updateRecord, "delete": deleteRecord, "end": insertEnding, "touch": touchRecord,
	"sweep": deleteExpired, "forget": deleteOld,
}
