// Command cenote runs Cenote, looks after its database and signs users in.
//
//	cenote dev                  a server for development, with every code and mail visible
//	cenote serve                a server for production
//	cenote access-key, migrate, backup, restore
//	                            work on the database of a server, also while it runs
//	cenote signup, login, ...   act as a user of a pool, in Cenote or in AWS
//
// A setting of the server comes from the command line, else from the environment, else
// from the configuration file, else it has its default:
//
//	--listen > CENOTE_LISTEN > (dev: HOST and PORT) > listen: in the file of --config
//
// The program exits with 0 after success, with 1 after a failure, and with 2 when the
// command line, the environment or the configuration file cannot be followed.
package main
