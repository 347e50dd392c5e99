// Command cluster runs another command with a PostgreSQL server of its own:
//
//	go run ./test/cluster go test ./...
//
// The server is thrown away afterwards. TEST_POSTGRES names it to the command.
// With -fsync the server keeps its promises through a crash, at a price.
// PostgreSQL is installed with apt when it is missing and we may.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

func main() {
	// The server is stopped when the thread that started it ends.
	runtime.LockOSThread()
	fsync := flag.Bool("fsync", false, "keep fsync on")
	flag.Parse()
	code, err := run(*fsync, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		code = 1
	}
	os.Exit(code)
}

func run(fsync bool, command []string) (int, error) {
	if len(command) == 0 {
		return 2, errors.New("no command to run")
	}
	bin, err := binaries()
	if err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "frontdesk-postgres-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	attr, err := owner(dir)
	if err != nil {
		return 1, err
	}
	data := filepath.Join(dir, "d")
	if err := tool(dir, attr, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync",
		"-E",
		"UTF8", "--no-locale").Run(); err != nil {
		return 1, fmt.Errorf("initdb: %w", err)
	}
	port, err := freePort()
	if err != nil {
		return 1, err
	}
	settings := []string{"-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "max_connections=1000", "-c", "log_min_messages=panic"}
	if !fsync {
		settings = append(settings, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	server := tool(dir, attr, filepath.Join(bin, "postgres"), settings...)
	if err := server.Start(); err != nil {
		return 1, err
	}
	defer func() {
		server.Process.Signal(syscall.SIGINT)
		server.Wait()
	}()
	address := "postgres://postgres@127.0.0.1:" + port + "/postgres?sslmode=disable"
	if err := ready(address); err != nil {
		return 1, err
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "TEST_POSTGRES="+address)
	signal.Ignore(os.Interrupt) // it reaches the command by itself
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return exit.ExitCode(), nil
		}
		return 1, err
	}
	return 0, nil
}

// binaries is where the newest PostgreSQL is, installed if need be.
func binaries() (string, error) {
	for range 2 {
		found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
		if err != nil {
			return "", err
		}
		if len(found) > 0 {
			newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
			return filepath.Dir(newest), nil
		}
		if path, err := exec.LookPath("initdb"); err == nil {
			return filepath.Dir(path), nil
		}
		for _, args := range [][]string{{"update", "-q"},
			{"install", "-y", "-q", "--no-install-recommends", "postgresql"}} {
			apt := exec.Command("apt-get", args...)
			apt.Stdout, apt.Stderr = os.Stderr, os.Stderr
			apt.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
			if err := apt.Run(); err != nil {
				return "", fmt.Errorf("PostgreSQL is not installed, and apt-get could not install it: %w", err)
			}
		}
	}
	return "", errors.New("PostgreSQL is installed, but initdb is nowhere to be found")
}

func version(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}

// owner gives the folder to the user who may run PostgreSQL, which refuses root.
func owner(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGINT, Setpgid: true}
	if os.Geteuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root, and there is no other user for it: %w", err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2, os.Chown(dir, uid, gid)); err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, nil
}

// tool is a program of PostgreSQL, with an environment of its own: ours may
// point into folders its user cannot read.
func tool(dir string, attr *syscall.SysProcAttr, path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.SysProcAttr, cmd.Stderr = dir, attr, os.Stderr
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin", "HOME=" + dir}
	return cmd
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// ready waits until the server answers.
func ready(address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, address)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
