package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"frontdesk/test/wait"
)

// image is the last stage of the Dockerfile.
type image struct {
	copies              [][3]string // from, to, owner
	user, dir           string
	entrypoint, command []string
}

func readDockerfile(t *testing.T) image {
	t.Helper()
	text, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var i image
	for line := range strings.Lines(string(text)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "FROM":
			if i = (image{}); rest == "scratch" {
				continue
			}
		case "COPY":
			m := regexp.MustCompile(`^--from=build (?:--chown=(\S+) )?(\S+) (\S+)$`).FindStringSubmatch(rest)
			if m != nil {
				i.copies = append(i.copies, [3]string{m[2], m[3], m[1]})
			}
		case "USER":
			i.user = rest
		case "WORKDIR":
			i.dir = rest
		case "ENTRYPOINT", "CMD":
			to := map[string]*[]string{"ENTRYPOINT": &i.entrypoint, "CMD": &i.command}[word]
			if err := json.Unmarshal([]byte(rest), to); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
	}
	if len(i.copies) < 3 || i.user == "" || len(i.entrypoint) != 1 || len(i.command) == 0 {
		t.Fatalf("the Dockerfile says %+v", i)
	}
	return i
}

// released builds the program as the Dockerfile's first stage does, without what
// only makes it smaller.
func released(t *testing.T, to string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-trimpath", "-o", to, "../../cmd/frontdesk")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestImageStartsWithItsOwnCommand makes a root of nothing but the files the
// image has, and runs its command there as its user.
func TestImageStartsWithItsOwnCommand(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 || testing.Short() {
		t.Skip("only root may change its root, and the program is built as it is released")
	}
	i := readDockerfile(t)
	root, err := os.MkdirTemp("", "frontdesk-image-") // below a folder that every user may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Chmod(root, 0o755))
	for _, c := range i.copies {
		to := filepath.Join(root, c[1])
		if strings.HasSuffix(c[1], "/") {
			to = filepath.Join(to, filepath.Base(c[0]))
		}
		must(os.MkdirAll(filepath.Dir(to), 0o755))
		switch c[0] {
		case "/src/bin/frontdesk":
			released(t, to)
		case "/etc/ssl/certs/ca-certificates.crt":
			must(os.WriteFile(to, []byte{}, 0o644))
		case "/data": // which the first stage makes, empty
			must(os.MkdirAll(to, 0o755))
		default:
			t.Fatalf("the test does not know what %s is", c[0])
		}
		if owner, group, ok := strings.Cut(c[2], ":"); ok {
			uid, _ := strconv.Atoi(owner)
			gid, _ := strconv.Atoi(group)
			must(os.Chown(to, uid, gid))
		}
	}
	owner, group, _ := strings.Cut(i.user, ":")
	uid, _ := strconv.Atoi(owner)
	gid, _ := strconv.Atoi(group)
	inside := func(args ...string) *exec.Cmd {
		return &exec.Cmd{Path: i.entrypoint[0], Args: append(append([]string{}, i.entrypoint...), args...), Dir: i.dir,
			Env: []string{"PATH=/usr/bin"},
			SysProcAttr: &syscall.SysProcAttr{Chroot: root,
				Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}}
	}
	if uid == 0 || gid == 0 {
		t.Fatalf("it runs as %s", i.user)
	}
	// Its own command, but for the port, which another program may have.
	command := strings.Split(strings.ReplaceAll(strings.Join(i.command, " "), ":8080", ":0"), " ")
	log := &logs{}
	serve := inside(command...)
	serve.Stderr, serve.Stdout = log, log
	must(serve.Start())
	t.Cleanup(func() {
		serve.Process.Kill()
		serve.Wait()
	})
	found := regexp.MustCompile(`"url":"([^"]+)"`)
	wait.Until(t, "it to serve", func() bool { return found.MatchString(log.String()) })
	port := found.FindStringSubmatch(log.String())[1]
	port = port[strings.LastIndex(port, ":"):]
	res, err := http.Get("http://127.0.0.1" + port + "/readyz")
	must(err)
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("it is not ready: %s", res.Status)
	}
	if out, err := inside("group", "create", "Mill Lane").CombinedOutput(); err != nil {
		t.Fatalf("a command beside it: %v %s", err, out)
	}
	if out, err := inside("doctor").CombinedOutput(); err != nil || strings.Contains(string(out), "WRONG") {
		t.Fatalf("the doctor: %v %s", err, out)
	}
	for _, name := range []string{"frontdesk.db", "frontdesk.db.key"} {
		if _, err := os.Stat(filepath.Join(root, i.dir, name)); err != nil {
			t.Error(err)
		}
	}
	// It writes nowhere else.
	must(filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if info, infoErr := d.Info(); err == nil && infoErr == nil && info.Sys().(*syscall.Stat_t).Uid == uint32(uid) &&
			!strings.HasPrefix(path, filepath.Join(root, i.dir)) {
			t.Errorf("%s is its own", path)
		}
		return err
	}))
}
