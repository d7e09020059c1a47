{{/*
What the schema cannot say, because it is about several values. "dstream.validate" fails with every problem at once; each
check below gives one line, or none: which value, what is wrong, what to do.
*/}}

{{- define "dstream.validate" -}}
{{- $checks := list "names" "config" "service" "secret" "token" "workloads" "monitoring" -}}
{{- $problems := list -}}
{{- range $checks -}}
{{- $problems = concat $problems (include (printf "dstream.validate.%s" .) $ | trim | splitList "\n" | compact) -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n\n%s\n" (join "\n" $problems)) -}}
{{- end -}}
{{- end }}

{{/* As Services need it before Kubernetes 1.34. */}}
{{- define "dstream.validate.names" -}}
{{- $name := include "dstream.fullname" . }}
{{- if not (regexMatch `^[a-z]([-a-z0-9]*[a-z0-9])?$` $name) }}
fullnameOverride: {{ $name | quote }} cannot be the name of a Service, which begins with a letter; give another
{{- end }}
{{- end }}

{{- define "dstream.validate.config" -}}
{{- with .Values.config }}
{{- if and (not .hcl) (not .existingConfigMap) }}
config: there is no configuration; give its text with --set-file config.hcl=dstream.hcl, or the name of a ConfigMap in config.existingConfigMap
{{- end }}
{{- if and (or .hcl .files) .existingConfigMap }}
config: hcl (or files) and existingConfigMap are both given; give one
{{- end }}
{{- if hasKey (default dict .files) "dstream.hcl" }}
config.files: "dstream.hcl" is the name of config.hcl; choose another
{{- end }}
{{- end }}
{{- end }}

{{/* A block `service` of the user must agree with what the chart tells Kubernetes. */}}
{{- define "dstream.validate.service" -}}
{{- with include "dstream.givenServiceBlock" . }}
{{- $port := $.Values.http.port }}
{{- if not (regexMatch (printf `(?m)^[ \t]*(service[ \t]*\{[ \t]*)?http[ \t]*=[ \t]*"(0\.0\.0\.0|\[::\])?:%d"` (int $port)) .) }}
config.hcl: the block service does not listen where probes ask; write http = ":{{ $port }}" in it, or remove the block and the chart writes it
{{- end }}
{{- $seconds := ternary (regexFind `shutdown_timeout[ \t]*=[ \t]*"\d+s"` . | regexFind `\d+`) "30" (contains "shutdown_timeout" .) }}
{{- if ne $seconds (print (int $.Values.shutdownTimeoutSeconds)) }}
config.hcl: shutdown_timeout is not that of the values; write shutdown_timeout = "{{ $.Values.shutdownTimeoutSeconds }}s", or set shutdownTimeoutSeconds
{{- end }}
{{- if and (include "dstream.tokenSecretName" $) (not (contains "DSTREAM_HTTP_TOKEN" .)) }}
config.hcl: the block service does not use the token of http.token; write token = {{ `"{{ env \"DSTREAM_HTTP_TOKEN\" }}"` }} in it
{{- end }}
{{- if and $.Values.http.metricsAnonymous (not (regexMatch `metrics_anonymous[ \t]*=[ \t]*true` .)) }}
config.hcl: the block service does not say what http.metricsAnonymous does; write metrics_anonymous = true in it
{{- end }}
{{- end }}
{{- end }}

{{- define "dstream.validate.secret" -}}
{{- with .Values.secret }}
{{- $sources := list (ne .existingSecret "") .create .externalSecret.enabled .secretProviderClass.enabled }}
{{- if gt (len (without $sources false)) 1 }}
secret: more than one source is given; choose one of existingSecret, create, externalSecret and secretProviderClass
{{- end }}
{{- if and .create (not .data) }}
secret.create: there is nothing in secret.data; give the variables, or an existingSecret
{{- end }}
{{- if and .externalSecret.enabled (not .externalSecret.secretStoreRef.name) }}
secret.externalSecret: give the name of the store in secretStoreRef.name
{{- end }}
{{- if and .externalSecret.enabled (not (or .externalSecret.data .externalSecret.dataFrom)) }}
secret.externalSecret: give data or dataFrom
{{- end }}
{{- if and .secretProviderClass.enabled (not (and .secretProviderClass.keyVaultName .secretProviderClass.objects)) }}
secret.secretProviderClass: give keyVaultName and objects
{{- end }}
{{- if and .secretProviderClass.enabled (not (default $.Values.identity.tenantId .secretProviderClass.tenantId)) }}
secret.secretProviderClass: give the tenantId of the vault
{{- end }}
{{- if and .secretProviderClass.enabled (ne $.Values.identity.type "managed") (not (default $.Values.identity.clientId .secretProviderClass.clientId)) }}
secret.secretProviderClass: give the clientId of the identity that reads the vault
{{- end }}
{{- end }}
{{- end }}

{{- define "dstream.validate.token" -}}
{{- if and .Values.http.token.existingSecret .Values.http.token.create }}
http.token: existingSecret and create are both given; choose one
{{- end }}
{{- end }}

{{- define "dstream.validate.workloads" -}}
{{- $workloads := include "dstream.workloads" . | fromYaml }}
{{- if not $workloads }}
ingester.enabled, processor.enabled: both are false; enable one
{{- end }}
{{- with $workloads }}
{{- if and .ingester .processor }}
{{- if and .ingester.serviceAccount.create .processor.serviceAccount.create (eq .ingester.serviceAccountName .processor.serviceAccountName) }}
serviceAccount.name: both workloads would make {{ .ingester.serviceAccountName | quote }}; set ingester.serviceAccount.name and processor.serviceAccount.name, or serviceAccount.create=false
{{- end }}
{{- end }}
{{- end }}
{{- range $component, $workload := $workloads }}
{{- include "dstream.validate.pods" (dict "root" $ "component" $component "workload" $workload) }}
{{- include "dstream.validate.scaling" (dict "component" $component "workload" $workload) }}
{{- end }}
{{- with $workloads.ingester }}
{{- include "dstream.validate.ingester" . }}
{{- end }}
{{- with $workloads.processor }}
{{- include "dstream.validate.processor" . }}
{{- end }}
{{- end }}

{{- define "dstream.validate.pods" -}}
{{- with .workload }}
{{- $block := ternary "ingester" "(processor|publisher)" (eq $.component "ingester") }}
{{- if and $.root.Values.config.hcl (not (regexMatch (printf `(?m)^[ \t]*%s[ \t]*\{` $block) (include "dstream.configCode" $.root))) }}
{{ $.component }}: config.hcl has no block {{ $.component }}; add it, or set {{ $.component }}.enabled=false
{{- end }}
{{- $least := add (int .shutdownTimeoutSeconds) 5 }}
{{- if lt (int .terminationGracePeriodSeconds) (int $least) }}
{{ $.component }}: terminationGracePeriodSeconds is {{ .terminationGracePeriodSeconds }}, which kills the pod while it still stops; give at least {{ $least }} (shutdownTimeoutSeconds + 5)
{{- end }}
{{- if and .secretKeys (not (include "dstream.secretName" $.root)) }}
{{ $.component }}: secretKeys chooses from a Secret that is not given; set secret.existingSecret
{{- end }}
{{- $own := default dict (index $.root.Values $.component).image }}
{{- if and $own.tag .image.digest (not $own.digest) }}
{{ $.component }}.image: digest of both workloads wins over tag; give {{ $.component }}.image.digest, or an empty image.digest
{{- end }}
{{- if and (eq .identity.type "workload") .serviceAccount.create (not .identity.clientId) }}
{{ $.component }}: identity.type is "workload"; give identity.clientId
{{- end }}
{{- end }}
{{- end }}

{{- define "dstream.validate.scaling" -}}
{{- with .workload }}
{{- if and .hpa.enabled .keda.enabled }}
{{ $.component }}: hpa and keda are both enabled, and would work against each other; enable one
{{- end }}
{{- if and .hpa.enabled (eq (int .hpa.cpuUtilization) 0) (not .hpa.metrics) }}
{{ $.component }}.hpa: there is nothing to scale by; give cpuUtilization or metrics
{{- end }}
{{- range $scaler := list "hpa" "keda" }}
{{- with index $.workload $scaler }}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) }}
{{ $.component }}.{{ $scaler }}: minReplicas {{ .minReplicas }} is larger than maxReplicas {{ .maxReplicas }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "dstream.validate.ingester" -}}
{{- range $scaler := list "hpa" "keda" }}
{{- with index $ $scaler }}
{{- if and .enabled (eq (int $.tables) 0) }}
ingester.tables: {{ $scaler }} needs the number of tables, because more ingesters than tables do not help; give it
{{- else if and .enabled (gt (int .maxReplicas) (int $.tables)) }}
ingester.{{ $scaler }}: maxReplicas {{ .maxReplicas }} is larger than the number of tables {{ $.tables }}, and one table has one owner; lower it
{{- end }}
{{- end }}
{{- end }}
{{- if and .keda.enabled (eq .keda.trigger "prometheus") (not .keda.prometheus.serverAddress) }}
ingester.keda: the trigger is "prometheus"; give prometheus.serverAddress
{{- end }}
{{- end }}

{{- define "dstream.validate.processor" -}}
{{- with .keda }}
{{- if and .enabled (eq .authentication.type "workload-identity") (not .namespace) }}
processor.keda: authentication is "workload-identity"; give the namespace of the Service Bus
{{- end }}
{{- if and .enabled (eq .authentication.type "connection") (not (and .authentication.secretName .authentication.secretKey)) }}
processor.keda: authentication is "connection"; give authentication.secretName and authentication.secretKey
{{- end }}
{{- end }}
{{- end }}

{{- define "dstream.validate.monitoring" -}}
{{- $service := .Values.monitoring.serviceMonitor.enabled }}
{{- $pod := .Values.monitoring.podMonitor.enabled }}
{{- if and $service $pod }}
monitoring: serviceMonitor and podMonitor are both enabled, and every pod would be scraped twice; enable one
{{- end }}
{{- if and (or $service $pod) (not (include "dstream.tokenSecretName" .)) (not .Values.http.metricsAnonymous) }}
monitoring: /metrics is not served without a token; give http.token.existingSecret, or set http.metricsAnonymous=true
{{- end }}
{{- end }}
