terraform import zenml_tag.champion TAG_ID
# By name, or in another workspace than the provider's:
terraform import zenml_tag.champion champion
terraform import zenml_tag.champion alpha-workspace/champion
