// Package acceptance checks the provider with the acceptance framework of HashiCorp.
package acceptance

import (
	"fmt"
	"os"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// A type, in a configuration with a name and one more argument, which is changed in place.
type subject struct {
	resource string
	name     string
	config   string
	argument string
	before   string
	after    string
	// Arguments that an import cannot know.
	unknownToImport []string
}

const workspace = `
resource "zenml_workspace" "this" {
  name                = "clients-%[1]s"
  deletion_protection = false
}
`

func subjects() []subject {
	return []subject{
		{
			resource: "zenml_team", name: "clients", argument: "description", before: "First", after: "Second",
			config: `
resource "zenml_team" "this" {
  name        = %[1]q
  description = %[2]q
  # Without this argument, the members are not managed, and an import that finds some plans to forget them.
  members = []
}
`,
		},
		{
			resource: "zenml_project", name: "clients-project", argument: "description", before: "First", after: "Second",
			config: fmt.Sprintf(workspace, "project") + `
resource "zenml_project" "this" {
  workspace_id = zenml_workspace.this.id
  name         = %[1]q
  description  = %[2]q
}
`,
		},
		{
			resource: "zenml_tag", name: "clients-tag", argument: "color", before: "green", after: "red",
			config: fmt.Sprintf(workspace, "tag") + `
resource "zenml_tag" "this" {
  workspace_id = zenml_workspace.this.id
  name         = %[1]q
  color        = %[2]q
}
`,
		},
		{
			resource: "zenml_secret", name: "clients-secret", argument: "private", before: "false", after: "true",
			config: fmt.Sprintf(workspace, "secret") + `
resource "zenml_secret" "this" {
  workspace_id = zenml_workspace.this.id
  name         = %[1]q
  private      = %[2]s
  values       = { token = "a-long-enough-value" }
}
`,
			unknownToImport: []string{"values"},
		},
	}
}

func TestEachType(t *testing.T) {
	for _, one := range subjects() {
		t.Run(one.resource, func(t *testing.T) { lifecycle(t, one) })
	}
}

func lifecycle(t *testing.T, one subject) {
	address := one.resource + ".this"
	external := map[string]resource.ExternalProvider{
		"zenml": {Source: "zenml-io/zenml", VersionConstraint: os.Getenv("ZENML_PROVIDER_VERSION")},
	}
	same := statecheck.CompareValue(compare.ValuesSame())
	id := tfjsonpath.New("id")
	steps := []resource.TestStep{
		{
			Config: fmt.Sprintf(one.config, one.name, one.before),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate),
					plancheck.ExpectUnknownValue(address, id),
				},
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("name"), knownvalue.StringExact(one.name)),
				statecheck.ExpectKnownValue(address, id, knownvalue.NotNull()),
				same.AddStateValue(address, id),
			},
		},
		{
			ResourceName:            address,
			ImportState:             true,
			ImportStateVerify:       true,
			ImportStateVerifyIgnore: one.unknownToImport,
			ImportStateIdFunc:       importID(one),
		},
		{
			Config: fmt.Sprintf(one.config, one.name, one.after),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
				},
			},
			ConfigStateChecks: []statecheck.StateCheck{same.AddStateValue(address, id)},
		},
	}
	resource.Test(t, resource.TestCase{ExternalProviders: external, Steps: steps})
	resource.Test(t, resource.TestCase{
		ExternalProviders: external,
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{
			tfversion.SkipBelow(tfversion.Version1_12_0),
		},
		Steps: []resource.TestStep{
			{
				Config: fmt.Sprintf(one.config, one.name, one.before),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectIdentityValueMatchesState(address, id),
				},
			},
			{
				ResourceName:    address,
				ImportState:     true,
				ImportStateKind: resource.ImportBlockWithResourceIdentity,
				// A generated value of a secret cannot be compared: the host asks for the configured one.
				SkipFunc: func() (bool, error) { return one.unknownToImport != nil, nil },
			},
		},
	})
}

// Returns the import ID of an object, with its workspace where it has one.
func importID(one subject) resource.ImportStateIdFunc {
	return func(state *terraform.State) (string, error) {
		found, ok := state.RootModule().Resources[one.resource+".this"]
		if !ok {
			return "", fmt.Errorf("no %s in the state", one.resource)
		}
		id := found.Primary.Attributes["id"]
		if in := found.Primary.Attributes["workspace_id"]; in != "" {
			return in + "/" + id, nil
		}
		return id, nil
	}
}
