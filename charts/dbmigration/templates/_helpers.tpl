{{/* Name of everything but the CRD: the release's, with the chart's unless it is already in there. */}}
{{- define "dbmigration.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "dbmigration.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "dbmigration.fullname" .) -}}
{{- end -}}

{{- define "dbmigration.image" -}}
{{- .Values.image.repository -}}
{{- with .Values.image.tag -}}:{{ . }}{{- end -}}
{{- end -}}

{{/* A Service's name has at most 63 characters. */}}
{{- define "dbmigration.metricsName" -}}
{{- printf "%s-metrics" (include "dbmigration.fullname" . | trunc 55 | trimSuffix "-") -}}
{{- end -}}

{{/* One of its own for each release: two that shared it would keep each other from working. */}}
{{- define "dbmigration.leaseName" -}}
{{- .Values.leaderElection.leaseName | default (printf "%s-controller" (include "dbmigration.fullname" .)) -}}
{{- end -}}

{{/* What tells the Pods of this release, and of its controller, from all others. */}}
{{- define "dbmigration.selector" -}}
app.kubernetes.io/name: dbmigration
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: controller
{{- end -}}

{{/* Of every object, but not of the Pod: a new version of the chart alone restarts nothing. */}}
{{- define "dbmigration.labels" -}}
app.kubernetes.io/name: dbmigration
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/part-of: dbmigration
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- end -}}
