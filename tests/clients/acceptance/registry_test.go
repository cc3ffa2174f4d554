package acceptance

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// A provider registry on this machine with one release of the provider for one platform, packed and signed like a
// published one: https://developer.hashicorp.com/terraform/internals/provider-registry-protocol
type registry struct {
	host string
	// The certificate that a client must trust.
	certificate string
}

// A release as the registry offers it.
type release struct {
	version   string
	archive   []byte
	checksums []byte
	signature []byte
	publicKey string
	keyID     string
	protocols []string
}

func (r release) archiveName() string {
	return fmt.Sprintf("terraform-provider-zenml_%s_%s_%s.zip", r.version, runtime.GOOS, runtime.GOARCH)
}

func newRelease(t *testing.T, binary string, version string) release {
	t.Helper()
	made := release{version: version, protocols: protocols(t)}
	made.archive = pack(t, binary, "terraform-provider-zenml_v"+version)
	sum := sha256.Sum256(made.archive)
	made.checksums = []byte(hex.EncodeToString(sum[:]) + "  " + made.archiveName() + "\n")

	key, err := openpgp.NewEntity("Test registry", "", "test@example.com", nil)
	must(t, err)
	var signature, public bytes.Buffer
	must(t, openpgp.DetachSign(&signature, key, bytes.NewReader(made.checksums), nil))
	armored, err := armor.Encode(&public, openpgp.PublicKeyType, nil)
	must(t, err)
	must(t, key.Serialize(armored))
	must(t, armored.Close())
	made.signature, made.publicKey, made.keyID = signature.Bytes(), public.String(), key.PrimaryKey.KeyIdString()
	return made
}

// The protocol versions of the file that the public registry reads.
func protocols(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../../terraform-registry-manifest.json")
	must(t, err)
	var manifest struct {
		Metadata struct {
			Versions []string `json:"protocol_versions"`
		}
	}
	must(t, json.Unmarshal(text, &manifest))
	return manifest.Metadata.Versions
}

func pack(t *testing.T, binary string, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(binary)
	must(t, err)
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	header := &zip.FileHeader{Name: name, Method: zip.Deflate}
	header.SetMode(0o755)
	file, err := archive.CreateHeader(header)
	must(t, err)
	_, err = file.Write(content)
	must(t, err)
	must(t, archive.Close())
	return packed.Bytes()
}

func serve(t *testing.T, offered release) registry {
	t.Helper()
	mux := http.NewServeMux()
	answer := func(path string, body any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(body)
		})
	}
	file := func(path string, content []byte) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) })
	}
	platform := map[string]string{"os": runtime.GOOS, "arch": runtime.GOARCH}
	answer("/.well-known/terraform.json", map[string]string{"providers.v1": "/v1/providers/"})
	answer("/v1/providers/zenml-io/zenml/versions", map[string]any{"versions": []any{map[string]any{
		"version": offered.version, "protocols": offered.protocols, "platforms": []any{platform},
	}}})
	sum := sha256.Sum256(offered.archive)
	answer(fmt.Sprintf("/v1/providers/zenml-io/zenml/%s/download/%s/%s", offered.version, runtime.GOOS, runtime.GOARCH),
		map[string]any{
			"protocols": offered.protocols, "os": runtime.GOOS, "arch": runtime.GOARCH,
			"filename": offered.archiveName(), "download_url": "/files/" + offered.archiveName(),
			"shasums_url": "/files/SHA256SUMS", "shasums_signature_url": "/files/SHA256SUMS.sig",
			"shasum": hex.EncodeToString(sum[:]),
			"signing_keys": map[string]any{"gpg_public_keys": []any{
				map[string]string{"key_id": offered.keyID, "ascii_armor": offered.publicKey},
			}},
		})
	file("/files/"+offered.archiveName(), offered.archive)
	file("/files/SHA256SUMS", offered.checksums)
	file("/files/SHA256SUMS.sig", offered.signature)

	server := httptest.NewUnstartedServer(mux)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	certificate := filepath.Join(t.TempDir(), "registry.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	must(t, os.WriteFile(certificate, block, 0o600))
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	must(t, err)
	return registry{host: "127.0.0.1:" + port, certificate: certificate}
}

// Runs the host in a directory of its own, whose provider comes from the registry.
type module struct {
	directory string
	registry  registry
	settings  string
}

func newModule(t *testing.T, registry registry, installation string) module {
	t.Helper()
	made := module{directory: t.TempDir(), registry: registry, settings: filepath.Join(t.TempDir(), "terraformrc")}
	must(t, os.WriteFile(made.settings, []byte("provider_installation {\n  "+installation+"\n}\n"), 0o600))
	text := fmt.Sprintf(`
terraform {
  required_providers {
    zenml = { source = "%s/zenml-io/zenml" }
  }
}

output "reference" {
  value = provider::zenml::secret_reference("login", "password")
}
`, registry.host)
	must(t, os.WriteFile(filepath.Join(made.directory, "main.tf"), []byte(text), 0o600))
	return made
}

func (m module) run(t *testing.T, arguments ...string) string {
	t.Helper()
	command := exec.Command(os.Getenv("TF_ACC_TERRAFORM_PATH"), arguments...)
	command.Dir = m.directory
	command.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+m.settings, "SSL_CERT_FILE="+m.registry.certificate)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %s\n%s", strings.Join(arguments, " "), err, output)
	}
	return string(output)
}

// A host installs the release from a registry, locks it, and copies it into a mirror, from which others install it.
func TestReleaseIsInstalledLockedAndMirrored(t *testing.T) {
	binary, version := os.Getenv("ZENML_PROVIDER_BINARY"), os.Getenv("ZENML_PROVIDER_VERSION")
	if binary == "" {
		t.Skip("ZENML_PROVIDER_BINARY is not set")
	}
	served := serve(t, newRelease(t, binary, version))

	direct := newModule(t, served, "direct {}")
	installed := direct.run(t, "init", "-no-color", "-input=false")
	if !strings.Contains(installed, "zenml-io/zenml v"+version+" (self-signed, key ID") {
		t.Fatalf("The signature is not shown:\n%s", installed)
	}
	direct.run(t, "apply", "-no-color", "-auto-approve")
	locked := direct.run(t, "providers", "lock", "-no-color", "-platform="+runtime.GOOS+"_"+runtime.GOARCH)
	if !strings.Contains(locked, "Success!") {
		t.Fatalf("It is not locked:\n%s", locked)
	}
	mirror := filepath.Join(t.TempDir(), "mirror")
	t.Log(direct.run(t, "providers", "mirror", "-no-color", mirror))

	mirrored := newModule(t, served, fmt.Sprintf("filesystem_mirror { path = %q }", mirror))
	lock, err := os.ReadFile(filepath.Join(direct.directory, ".terraform.lock.hcl"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(mirrored.directory, ".terraform.lock.hcl"), lock, 0o600))
	mirrored.run(t, "init", "-no-color", "-input=false", "-lockfile=readonly")
	mirrored.run(t, "apply", "-no-color", "-auto-approve")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
