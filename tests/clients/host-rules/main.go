// Answers what Terraform's own rules say of a case: the state that it proposes, and whether it accepts a plan and a
// result. It is built inside Terraform's module, because the rules are internal packages.
//
// Standard input has one case per line, standard output one verdict per line. Values are MessagePack in hexadecimal.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/terraform/internal/configs/configschema"
	"github.com/hashicorp/terraform/internal/lang/ephemeral"
	"github.com/hashicorp/terraform/internal/plans/objchange"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"
)

type attribute struct {
	Name       string          `json:"name"`
	Type       json.RawMessage `json:"type"`
	Nesting    string          `json:"nesting"`
	Attributes []attribute     `json:"attributes"`
	Required   bool            `json:"required"`
	Optional   bool            `json:"optional"`
	Computed   bool            `json:"computed"`
	WriteOnly  bool            `json:"write_only"`
}

type testCase struct {
	Schema  []attribute `json:"schema"`
	Prior   string      `json:"prior"`
	Config  string      `json:"config"`
	Planned string      `json:"planned"`
	Actual  string      `json:"actual"`
}

type verdict struct {
	Proposed string   `json:"proposed"`
	Plan     []string `json:"plan"`
	Result   []string `json:"result"`
	// Terraform itself panics.
	Panics bool `json:"panics"`
}

func main() {
	cases := bufio.NewScanner(os.Stdin)
	cases.Buffer(nil, 64<<20)
	answers := json.NewEncoder(os.Stdout)
	for cases.Scan() {
		answer, err := judge(cases.Bytes())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := answers.Encode(answer); err != nil {
			os.Exit(1)
		}
	}
}

func judge(line []byte) (answer *verdict, err error) {
	defer func() {
		if recover() != nil {
			answer = &verdict{Panics: true}
		}
	}()
	var one testCase
	if err := json.Unmarshal(line, &one); err != nil {
		return nil, err
	}
	attributes, err := schemaOf(one.Schema)
	if err != nil {
		return nil, err
	}
	block := &configschema.Block{Attributes: attributes}
	var values [4]cty.Value
	for index, text := range []string{one.Prior, one.Config, one.Planned, one.Actual} {
		if values[index], err = valueOf(text, block.ImpliedType()); err != nil {
			return nil, err
		}
	}
	prior, config, planned, actual := values[0], values[1], values[2], values[3]
	proposed, err := msgpack.Marshal(objchange.ProposedNew(block, prior, config), block.ImpliedType())
	if err != nil {
		return nil, err
	}
	answer = &verdict{Proposed: hex.EncodeToString(proposed)}
	answer.Plan = append(messages(objchange.AssertPlanValid(block, prior, config, planned)), stored(planned, block)...)
	answer.Result = append(messages(objchange.AssertObjectCompatible(block, planned, actual)), stored(actual, block)...)
	if !actual.IsWhollyKnown() {
		answer.Result = append(answer.Result, "unknown values")
	}
	return answer, nil
}

// Returns what Terraform says of write-only values that a plan or a state has. It panics if a list of nested attributes
// has a null element.
func stored(value cty.Value, block *configschema.Block) []string {
	found := ephemeral.ValidateWriteOnlyAttributes("stored", func(cty.Path) string { return "" }, value, block)
	if found.HasErrors() {
		return []string{found.Err().Error()}
	}
	return nil
}

func schemaOf(all []attribute) (map[string]*configschema.Attribute, error) {
	attributes := map[string]*configschema.Attribute{}
	for _, one := range all {
		made := &configschema.Attribute{
			Required: one.Required, Optional: one.Optional, Computed: one.Computed, WriteOnly: one.WriteOnly,
		}
		if one.Nesting != "" {
			inner, err := schemaOf(one.Attributes)
			if err != nil {
				return nil, err
			}
			modes := map[string]configschema.NestingMode{
				"single": configschema.NestingSingle, "list": configschema.NestingList,
				"set": configschema.NestingSet, "map": configschema.NestingMap,
			}
			made.NestedType = &configschema.Object{Attributes: inner, Nesting: modes[one.Nesting]}
		} else {
			ty, err := ctyjson.UnmarshalType(one.Type)
			if err != nil {
				return nil, err
			}
			made.Type = ty
		}
		attributes[one.Name] = made
	}
	return attributes, nil
}

func valueOf(text string, ty cty.Type) (cty.Value, error) {
	bytes, err := hex.DecodeString(text)
	if err != nil {
		return cty.NilVal, err
	}
	return msgpack.Unmarshal(bytes, ty)
}

func messages(errs []error) []string {
	var all []string
	for _, err := range errs {
		all = append(all, err.Error())
	}
	return all
}
