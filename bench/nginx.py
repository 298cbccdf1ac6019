"""What release is measured against: nginx with the plaintext."""

import os

from lab import WORKSTATION, free_port, wait_for

CONFIGURATION = '''\
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
worker_processes {workers};
{user}
events {{ worker_connections 2048; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        root {dir}/www;
        ssl_protocols TLSv1.3;
        ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384;
        ssl_ecdh_curve prime256v1;
        ssl_certificate {cert};
        ssl_certificate_key {key};
        ssl_verify_client on;
        ssl_client_certificate {ca};
    }}
}}
'''


class Nginx:
    """Serves what lies in www, to the same certificates and with the same
    cipher as the release service."""

    def __init__(self, lab, workers=1):
        self.lab = lab
        self.port = free_port()
        name = f'nginx-{workers}'
        self.dir = lab.make_dir(name, lab.agent_user)
        self.www = lab.make_dir(os.path.join(name, 'www'), lab.agent_user)
        for path in (self.dir, self.www):
            os.chmod(path, 0o755)
        user = ''
        if os.getuid() == 0:
            user = f'user {lab.agent_user} nogroup;'
        configuration = os.path.join(self.dir, 'nginx.conf')
        with open(configuration, 'w') as out:
            out.write(CONFIGURATION.format(
                dir=self.dir, workers=workers, port=self.port, user=user,
                ca=lab.pki('ca.crt'), cert=lab.pki(WORKSTATION + '.crt'),
                key=lab.pki(WORKSTATION + '.key')))
        self.process = lab.start(
            name + '-server',
            ['nginx', '-e', self.dir + '/error.log', '-c', configuration])
        wait_for('nginx', 10, self._listens)

    def _listens(self):
        self.lab.must_live(self.process)
        return os.path.exists(os.path.join(self.dir, 'nginx.pid'))

    def stop(self):
        self.lab.stop(self.process)
