-- Argo CD: resource.customizations.health.migrations.mystira.app_DatabaseMigration in argocd-cm.
local function condition(kind)
  if obj.status ~= nil and obj.status.conditions ~= nil then
    for _, c in ipairs(obj.status.conditions) do
      if c.type == kind then return c end
    end
  end
  return nil
end

if obj.status == nil or obj.status.observedGeneration == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "Waiting for the controller" }
end
if obj.spec.suspend then
  return { status = "Suspended", message = obj.status.message or "Suspended" }
end
local stalled = condition("Stalled")
if stalled ~= nil and stalled.status == "True" then
  return { status = "Degraded", message = stalled.message }
end
local ready = condition("Ready")
if ready ~= nil and ready.status == "True" then
  return { status = "Healthy", message = ready.message }
end
local reconciling = condition("Reconciling")
if reconciling ~= nil and reconciling.reason == "AwaitingApproval" then
  return { status = "Suspended", message = reconciling.message }
end
return { status = "Progressing", message = obj.status.message or "Waiting for the controller" }
