package acceptance

import (
	"encoding/json"
	"os"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
)

// The schema that the host prints is read by the library that other tools use.
func TestSchemaIsReadByTerraformJSON(t *testing.T) {
	path := os.Getenv("ZENML_PROVIDER_SCHEMA")
	if path == "" {
		t.Skip("ZENML_PROVIDER_SCHEMA is not set")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var schemas tfjson.ProviderSchemas
	if err := json.Unmarshal(text, &schemas); err != nil {
		t.Fatal(err)
	}
	if err := schemas.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, schema := range schemas.Schemas {
		if len(schema.ResourceSchemas) < 13 || len(schema.DataSourceSchemas) < 17 {
			t.Fatalf("%d resources and %d data sources", len(schema.ResourceSchemas), len(schema.DataSourceSchemas))
		}
		for name := range schema.ResourceSchemas {
			if schema.ResourceIdentitySchemas != nil && schema.ResourceIdentitySchemas[name] == nil {
				t.Errorf("%s has no identity", name)
			}
		}
		t.Logf("%d resources, %d data sources, %d ephemeral resources, %d list resources, %d actions, %d functions",
			len(schema.ResourceSchemas), len(schema.DataSourceSchemas), len(schema.EphemeralResourceSchemas),
			len(schema.ListResourceSchemas), len(schema.ActionSchemas), len(schema.Functions))
	}
}
