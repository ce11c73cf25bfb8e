"""What the components of the test's cluster read: certificates, kubeconfig, a configuration each."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Final

import yaml

from tests.servers.processes import free_port

BRIDGE: Final = "pf-k8s"
PODS: Final = "10.96.0.0/24"
SERVICES: Final = "10.97.0.0/16"
NODE: Final = "one"
ADDRESS: Final = "198.18.78.1"
"""The node's, on this machine's loopback interface: nobody else reaches its ports."""

SOCKET: Final = "containerd.sock"
KUBECONFIG: Final = "kubeconfig"


def write(folder: Path, api_port: int, pause: str) -> None:
    """Write all into `folder`; `pause` is the image of every pod's sandbox."""
    _certificates(folder)
    _network(folder / "cni", folder / "addresses")
    _containerd(folder, pause)
    _kubeconfig(folder, api_port)
    _kubelet(folder)
    _proxy(folder)


def _certificates(folder: Path) -> None:
    """Make an authority, the API server's certificate and an administrator's."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=petfectior-test"),
        *("-days", "2", "-keyout", "ca.key", "-out", "ca.crt"),
    )
    for name, subject in (("api", "/CN=kube-apiserver"), ("admin", "/O=system:masters/CN=admin")):
        (folder / "names").write_text(
            "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc\n"
        )
        openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-subj", subject),
            *("-keyout", f"{name}.key", "-out", f"{name}.csr"),
        )
        openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"),
            *("-days", "2", "-extfile", "names", "-out", f"{name}.crt"),
        )
    openssl("genrsa", "-out", "accounts.key", "2048")


def _network(folder: Path, addresses: Path) -> None:
    folder.mkdir()
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": PODS}]],
            "routes": [{"dst": "0.0.0.0/0"}],
            "dataDir": str(addresses),
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    listed = {"cniVersion": "0.4.0", "name": "petfectior-test", "plugins": [bridge, ports]}
    (folder / "10-bridge.conflist").write_text(json.dumps(listed))


def _containerd(folder: Path, pause: str) -> None:
    # Without CAP_SYS_RESOURCE, as here, no process may get a lower OOM score than its parent.
    (folder / "containerd.toml").write_text(f"""\
version = 2
root = "{folder}/containerd/root"
state = "{folder}/containerd/state"
[grpc]
  address = "{folder / SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder / "cni"}"
""")


def _kubeconfig(folder: Path, port: int) -> None:
    reached = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(folder / "ca.crt")}
    user = {"client-certificate": str(folder / "admin.crt"), "client-key": str(folder / "admin.key")}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": reached}],
        "users": [{"name": "admin", "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
        "current-context": "test",
    }
    (folder / KUBECONFIG).write_text(yaml.safe_dump(document))


def _kubelet(folder: Path) -> None:
    document = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": ADDRESS,
        "port": free_port(),
        "healthzPort": 0,
        "readOnlyPort": 0,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(folder / "ca.crt")},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "containerRuntimeEndpoint": f"unix://{folder / SOCKET}",
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": [],
        "evictionHard": {"nodefs.available": "1%", "imagefs.available": "1%", "memory.available": "50Mi"},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "resolvConf": "",
        "podLogsDir": str(folder / "pods"),
        "registerNode": True,
    }
    (folder / "kubelet.yaml").write_text(yaml.safe_dump(document))


def _proxy(folder: Path) -> None:
    document = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(folder / KUBECONFIG)},
        "mode": "iptables",
        "clusterCIDR": PODS,
        "healthzBindAddress": f"127.0.0.1:{free_port()}",
        "metricsBindAddress": f"127.0.0.1:{free_port()}",
        "nodePortAddresses": [f"{ADDRESS}/32"],
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
    (folder / "proxy.yaml").write_text(yaml.safe_dump(document))
